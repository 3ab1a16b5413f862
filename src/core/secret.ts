import { createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** A value that cannot be printed by accident: string, JSON and inspect all show `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Called only in `http/` and by the adapters' request builders. */
  reveal(): string {
    return this.#value;
  }

  isSame(other: Secret): boolean {
    return this.#value === other.#value;
  }

  /** By this it is known again, as `isMarked` tells; the value cannot be had from it, and no two are alike. */
  mark(): string {
    const salt = randomBytes(16).toString('hex');
    return `${salt}:${this.#under(salt)}`;
  }

  isMarked(mark: string): boolean {
    const [salt = '', hash] = mark.split(':');
    return hash === this.#under(salt);
  }

  #under(salt: string): string {
    return createHmac('sha256', salt).update(this.#value).digest('hex');
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
