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
