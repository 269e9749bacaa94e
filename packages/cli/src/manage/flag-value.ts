import { readFile } from 'node:fs/promises'
import { RelayError } from '@postern/protocol'
import type { FlagKind, ManagedFlag } from './managed-command.ts'

/**
 * Turns what was typed behind a flag into its value.
 * @throws {RelayError} InvalidConfiguration
 */
export async function flagValue(flag: ManagedFlag, typed: string | boolean | readonly string[]): Promise<unknown> {
  const typedWords = typeof typed === 'object' ? typed : [String(typed)]
  const words = flag.kind === 'list' ? typedWords.flatMap(listItems) : typedWords
  const { choices } = flag
  const chosen = choices ? words.map((word) => choose(flag, choices, word)) : words
  return readers[flag.kind ?? 'text'](flag, chosen)
}

const readers: Readonly<Record<FlagKind, (flag: ManagedFlag, words: readonly string[]) => unknown>> = {
  text: (_, [word = '']) => word,
  switch: () => true,
  list: (_, words) => words,
  integer: (flag, [word = '']) => {
    if (/^-?\d{1,15}$/.test(word)) return Number(word)
    throw wrong(flag, `"${word}" is no whole number`)
  },
  boolean: (flag, [word = '']) => {
    if (/^(?:true|false)$/i.test(word)) return word.toLowerCase() === 'true'
    throw wrong(flag, `"${word}" is neither true nor false`)
  },
  tags: (flag, words) => Object.fromEntries(words.filter((word) => word !== '').map((word) => tag(flag, word))),
  json: async (flag, [word = '']) => {
    const text = await readTextOrFile(word, `--${flag.long}`)
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw wrong(flag, `this is no JSON: ${(cause as Error).message}`)
    }
  },
  endpointMetadata: (flag, [word = '']) => {
    if (/^[^\s:]+:\d{1,5}$|^\[[\da-f:.]+\]:\d{1,5}$/i.test(word))
      return JSON.stringify([{ key: 'endpoint', value: word }])
    throw wrong(flag, `"${word}" is no HOST:PORT`)
  },
}

/** A text as it is, or what a file holds when it is `@FILE`. @throws {RelayError} InvalidConfiguration */
export async function readTextOrFile(text: string, what: string): Promise<string> {
  if (!text.startsWith('@')) return text
  try {
    return await readFile(text.slice(1), 'utf8')
  } catch (cause) {
    const message = `${what}: cannot read ${text.slice(1)}: ${(cause as Error).message}`
    throw new RelayError('InvalidConfiguration', { message, cause })
  }
}

function listItems(word: string): string[] {
  return word.split(/[\s,]+/).filter((item) => item !== '')
}

function choose(flag: ManagedFlag, choices: readonly string[], word: string): string {
  const chosen = choices.find((choice) => choice.toLowerCase() === word.toLowerCase())
  if (chosen !== undefined) return chosen
  throw wrong(flag, `"${word}" is none of ${choices.join(', ')}`)
}

function tag(flag: ManagedFlag, word: string): [name: string, value: string] {
  const at = word.indexOf('=')
  const name = at < 0 ? word : word.slice(0, at)
  if (name === '') throw wrong(flag, `"${word}" is no NAME=VALUE`)
  return [name, at < 0 ? '' : word.slice(at + 1)]
}

function wrong({ long }: ManagedFlag, problem: string): RelayError {
  return new RelayError('InvalidConfiguration', { message: `--${long}: ${problem}` })
}
