import { findFreePort } from '../processes/free-port.ts'

const placeholder = /\{([a-zA-Z][a-zA-Z0-9]*)\}/g

/**
 * Values for the `{name}` placeholders of a peer file. Every name that ends in `Port` gets a free loopback port of its
 * own, the same one wherever the name stands.
 */
export class Placeholders {
  readonly #values: Map<string, string>

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(values))
  }

  /** Finds a port for every port placeholder in these texts. */
  async addPorts(texts: Iterable<string>): Promise<void> {
    for (const text of texts) {
      for (const [, name = ''] of text.matchAll(placeholder)) {
        if (name.endsWith('Port') && !this.#values.has(name)) this.#values.set(name, String(await findFreePort()))
      }
    }
  }

  /** Replaces what is known; other text in braces (a program's own syntax) stays. */
  fill(text: string): string {
    return text.replace(placeholder, (whole, name: string) => this.#values.get(name) ?? whole)
  }

  /** The port behind a name such as `listenPort`. @throws {Error} when nothing used it. */
  port(name: string): number {
    const value = this.#values.get(name)
    if (value === undefined) throw new Error(`{${name}} stands nowhere.`)
    return Number(value)
  }
}
