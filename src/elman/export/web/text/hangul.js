// Hangul: syllables taken apart into jamo.
//
// Knows code points alone. Source: The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".

const FIRST_SYLLABLE = 0xac00;
const FIRST_LEAD = 0x1100;
const FIRST_VOWEL = 0x1161;
const BEFORE_TAILS = 0x11a7;
const VOWELS = 21;
const TAILS = 28;
const SYLLABLES = 19 * VOWELS * TAILS;
const LAST_JAMO = 0x11ff;

/** The code points with every syllable as its two or three conjoining jamo. */
export function decomposed(codes) {
  return codes.flatMap((code) => (isSyllable(code) ? jamoOf(code - FIRST_SYLLABLE) : [code]));
}

/** Whether this is a syllable or a conjoining jamo. */
export function isHangul(code) {
  return isSyllable(code) || (code >= FIRST_LEAD && code <= LAST_JAMO);
}

function isSyllable(code) {
  return code >= FIRST_SYLLABLE && code < FIRST_SYLLABLE + SYLLABLES;
}

function jamoOf(index) {
  const tail = index % TAILS;
  const lead = FIRST_LEAD + Math.floor(index / (VOWELS * TAILS));
  const vowel = FIRST_VOWEL + (Math.floor(index / TAILS) % VOWELS);
  return tail > 0 ? [lead, vowel, BEFORE_TAILS + tail] : [lead, vowel];
}
