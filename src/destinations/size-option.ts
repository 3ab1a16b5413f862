import { z } from 'zod';
import { parseSize } from '../core/units.ts';

/**
 * A size in a destination's block: text such as "2 GiB" in YAML, bytes after loading. Messages of our own checks
 * say what was expected; `config/` adds where, and what was found.
 */
export const sizeOption = z
  .string()
  .meta({ title: 'size', pattern: '^\\d+(\\.\\d+)? ?([kKmMgGtT][iI]?)?[bB]$' })
  .transform((text, check) => {
    try {
      const bytes = parseSize(text);
      if (bytes > 0) return bytes;
    } catch {
      // refused below, like zero
    }
    check.issues.push({
      code: 'custom',
      message: 'expected a size above zero with its unit, such as "2 GiB" or "500 MB"',
      input: text,
    });
    return z.NEVER;
  });

/** A count of files in a destination's block. */
export const countOption = z.int().min(1).max(100_000_000);
