import { count } from '../core/units.ts';
import type { Mails } from '../nightly/mails.ts';

const SHOWN = 20;
/** More than so many mails a night are told with what helps. */
const MANY = 2;

/** Whether mail is switched on there, only its operator knows. */
export const MAILS_TITLE = 'Mails, where the platform sends any';

/** Who hears how often of the night from a platform that mails after each batch. */
export function mailLines(mails: readonly Mails[], will: 'will send' | 'has sent'): string[] {
  const lines = mails
    .slice(0, SHOWN)
    .map(
      ({ destination, owner, mails: n }) => `${destination} ${will} about ${count(n, 'mail')} to ${owner}`,
    );
  const more = mails.length - lines.length;
  return [
    ...lines,
    ...(more > 0 ? [`… and fewer to ${count(more, 'more owner')}`] : []),
    ...(mails.some((one) => one.mails > MANY)
      ? [
          'There is one for each batch. What makes more of them: `join: dataset` in the block of a destination, `pack: files` in a rule.',
        ]
      : []),
  ];
}
