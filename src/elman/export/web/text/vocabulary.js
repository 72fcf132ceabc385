// The special symbols of every vocabulary.
//
// Knows names and ids alone. Used by the tokenizers and by all who need the ids of these.

export const SPECIALS = ["<unk>", "<s>", "</s>"];
export const [UNKNOWN, START, END] = [0, 1, 2];
