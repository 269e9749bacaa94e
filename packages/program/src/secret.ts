import { inspect } from 'node:util'

/** What a secret looks like wherever it is printed. */
export const secretMask = '[secret]'

/**
 * Holds a key, password or token so that it cannot be printed by accident: text, JSON, template and inspector forms are
 * all `[secret]`. Only `reveal()` gives the text.
 */
export class Secret {
  static {
    // Not a method: isolated declarations cannot name the computed key.
    Object.defineProperty(Secret.prototype, inspect.custom, { value: () => secretMask })
  }

  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return secretMask
  }

  toJSON(): string {
    return secretMask
  }
}
