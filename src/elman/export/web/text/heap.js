// A heap: the least of many items, again and again.
//
// Knows an order alone. Used by `bpe.js`, whose longest units would else take a time that goes with the square of their length.

export class Heap {
  /** @param compare below 0 where the first of two items comes first. */
  constructor(compare) {
    this.compare = compare;
    this.items = [];
  }

  get size() {
    return this.items.length;
  }

  push(item) {
    let place = this.items.push(item) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.compare(this.items[above], item) <= 0) break;
      this.items[place] = this.items[above];
      place = above;
    }
    this.items[place] = item;
  }

  pop() {
    const least = this.items[0];
    const item = this.items.pop();
    if (this.items.length > 0) this.sink(item);
    return least;
  }

  /** Put an item where it belongs, from the top on. */
  sink(item) {
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.items.length) break;
      if (below + 1 < this.items.length && this.compare(this.items[below + 1], this.items[below]) < 0) below += 1;
      if (this.compare(item, this.items[below]) <= 0) break;
      this.items[place] = this.items[below];
      place = below;
    }
    this.items[place] = item;
  }
}
