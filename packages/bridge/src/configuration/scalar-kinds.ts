/** What a value of a configuration must be: reads its text, or says what it should look like. */
export interface ScalarKind<T> {
  readonly expected: string
  /** Undefined when the text is not of this kind. */
  parse(text: string): T | undefined
}

/** Any text that is not empty; quotes around it are azbridge's habit. */
export const textKind: ScalarKind<string> = {
  expected: 'a text',
  parse: (text) => text.replace(/^(['"])(.*)\1$/s, '$2') || undefined,
}

/** As YAML 1.1, which azbridge reads: yes and no, on and off too. */
export const booleanKind: ScalarKind<boolean> = {
  expected: 'true or false',
  parse: (text) => booleans.get(text.toLowerCase()),
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', 'y'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', 'n'].map((word) => [word, false] as const),
])

/** A whole number within bounds. */
export function integerKind(lowest: number, highest: number): ScalarKind<number> {
  return {
    expected: `a whole number from ${lowest} to ${highest}`,
    parse: (text) => {
      const value = /^[+-]?[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
      return value >= lowest && value <= highest ? value : undefined
    },
  }
}

/** One of some words, whatever their case. */
export function wordKind<T extends string>(words: readonly T[]): ScalarKind<T> {
  return {
    expected: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text.toLowerCase()),
  }
}

/**
 * A port as azbridge's files have it: UDP ports are negative. Ours besides: `5000U`, and the ranges of the command line.
 */
export const portKind: ScalarKind<string> = {
  expected: 'a port from 1 to 65535 (negative for UDP), or a range such as 8000-8100',
  parse: (text) => {
    const portText = text.startsWith('-') ? `${text.slice(1)}U` : text
    return /^(?:\*|[0-9]{1,5}(?:-[0-9]{1,5})?)U?$/i.test(portText) && !/^0+U?$/.test(portText) ? portText : undefined
  },
}

const nameForm = /^[0-9A-Za-z/_\-.]+$/

/** Relay names and port names. */
export const nameKind: ScalarKind<string> = {
  expected: 'letters, digits, "/", "_", "-" and "."',
  parse: (text) => {
    const name = textKind.parse(text)
    return name !== undefined && nameForm.test(name) ? name : undefined
  },
}

/** Host names and addresses. */
export const hostKind: ScalarKind<string> = {
  expected: 'a host name or address',
  parse: (text) => {
    const host = textKind.parse(text)?.replace(/^\[(.*)\]$/, '$1')
    return host !== undefined && /^(?:\*|[\w.:%-]+)$/.test(host) ? host : undefined
  },
}
