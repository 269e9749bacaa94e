import { readFileSync } from 'node:fs'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { readYaml, yamlFault } from '../yaml-fault.ts'
import { type OptionProblem, OptionsError } from './options-error.ts'

/** A configuration file that was read: option names and raw values. */
export interface OptionFile {
  readonly path: string
  readonly values: Readonly<Record<string, unknown>>
  /** `line:column` of an option name, for error texts. */
  positionOf?(name: string): string | undefined
}

/**
 * Reads a YAML (or JSON) file of option names and values. Nothing is known about the names yet: `loadOptions` checks them.
 * @throws {OptionsError} when it cannot be read, is no YAML or no map; every fault has its line and column
 */
export function readOptionFile(path: string): OptionFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new OptionsError([
      { where: path, message: `cannot be read: ${error instanceof Error ? error.message : String(error)}` },
    ])
  }
  return parseOptionFile(path, text)
}

/** Does the same with a text at hand; `path` is only for error texts. */
export function parseOptionFile(path: string, text: string): OptionFile {
  const lines = new LineCounter()
  const refuse = (message: string): OptionsError => new OptionsError([{ where: path, message }])
  const document = readYaml(() => parseDocument(text, { lineCounter: lines, prettyErrors: false }), refuse)
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${line}:${col}`
  }
  const problems: OptionProblem[] = document.errors.map((error) => ({
    where: `${path}:${at(error.pos[0])}`,
    message: yamlFault(error.message),
  }))
  if (problems.length > 0) throw new OptionsError(problems)

  const root = document.contents
  if (root === null) return { path, values: {} }
  if (!isMap(root))
    throw new OptionsError([{ where: `${path}:1:1`, message: 'must be a map of option names and values' }])
  const positions = new Map<string, string>()
  for (const { key } of root.items) {
    if (isScalar(key) && key.range) positions.set(String(key.value), at(key.range[0]))
  }
  // A map, not an object: a key such as `__proto__` stays an unknown option.
  const read = readYaml(() => document.toJS({ mapAsMap: true }) as Map<unknown, unknown>, refuse)
  const values = Object.fromEntries(read)
  return { path, values, positionOf: (name) => positions.get(name) }
}
