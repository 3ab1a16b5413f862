/** Names that many measurements have alike: they say nothing of which one it is. */
const COMMON = new Set(
  `analysis calibration config data dataset default dark exp experiment export exports file final flat header image images
  info input log main map maps measurement meta metadata new note notes output param params parameter parameters preview
  processed profile raw readme reference result results run sample samples scan session settings spectra spectrum stack
  summary temp test thumb thumbnail tile tmp untitled version`.split(/\s+/),
);

const LEAST_LETTERS = 4;
/** A day, a time or a serial number; a counter with leading zeros has fewer. */
const LEAST_DIGITS = 6;

/** Whether a file or folder is called so that another measurement would hardly be. */
export function isTelling(name: string): boolean {
  const stem = name.replace(/\.[^.]*$/, '').toLowerCase();
  const letters = (stem.match(/\p{L}+/gu) ?? []).filter((word) => !COMMON.has(word)).join('');
  if (Array.from(letters).length >= LEAST_LETTERS) return true;
  const digits = stem.replaceAll(/\D/g, '').replace(/^0+/, '');
  return digits.length >= LEAST_DIGITS;
}
