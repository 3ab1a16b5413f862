/** Names that differ only in letter case or Unicode form fold alike: Macs write names decomposed, people in any case. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}
