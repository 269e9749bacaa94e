import { RelayError } from '@postern/protocol'

/** How results are written. */
export const outputFormats = ['table', 'json', 'yaml', 'tsv', 'none'] as const

export type OutputFormat = (typeof outputFormats)[number]

/**
 * The format that was asked for, else that of POSTERN_OUTPUT, else a table for people and JSON for programs.
 * @throws {RelayError} InvalidConfiguration
 */
export function chooseFormat(
  wanted: string | undefined,
  { isTerminal, env = process.env }: { readonly isTerminal: boolean; readonly env?: NodeJS.ProcessEnv },
): OutputFormat {
  const text = wanted ?? env['POSTERN_OUTPUT']
  if (text === undefined || text === '') return isTerminal ? 'table' : 'json'
  const format = outputFormats.find((known) => known === text.toLowerCase())
  if (format) return format
  throw new RelayError('InvalidConfiguration', {
    message: `-o: "${text}" is none of ${outputFormats.join(', ')}`,
  })
}
