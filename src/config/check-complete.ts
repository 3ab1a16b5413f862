import { parseTemplate } from '../ownership/parse-template.ts';
import { completeBlock, conditionOf, partsIn } from './complete-schema.ts';
import type { RuleLine } from './outline.ts';
import type { Finding } from './problem.ts';
import { quote } from './raw-value.ts';

/** Counts that refer to a part which the rule's template does not have as a number. */
export function checkComplete(rule: RuleLine): Finding[] {
  const block = completeBlock.safeParse(rule.complete);
  if (!block.success || rule.match === undefined) return [];
  const known = numbersIn(rule.match);
  if (known === undefined) return [];
  return partsIn(conditionOf(block.data))
    .filter((part) => !known.includes(part))
    .map((part) => ({
      path: [...rule.path, 'complete'],
      message: `expected {${part}:number} as a part of \`match\`, in the name of a directory, for the count "{${part}}", found ${quote(rule.match ?? '')}`,
    }));
}

/** The parts of a template that are a number in a directory's name; undefined when the template cannot be read. */
function numbersIn(match: string): string[] | undefined {
  try {
    const { segments, deep } = parseTemplate(match);
    const tokens = (deep ? segments : segments.slice(0, -1)).flat();
    return tokens.flatMap((token) =>
      token.kind === 'part' && token.type.kind === 'number' ? [token.name] : [],
    );
  } catch {
    return undefined;
  }
}
