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

  #text: string | (() => string)

  /** @param text a function is called once, when the text is first wanted; what it throws comes out of `reveal` */
  constructor(text: string | (() => string)) {
    this.#text = text
  }

  reveal(): string {
    if (typeof this.#text === 'function') this.#text = this.#text()
    return this.#text
  }

  toString(): string {
    return secretMask
  }

  toJSON(): string {
    return secretMask
  }
}
