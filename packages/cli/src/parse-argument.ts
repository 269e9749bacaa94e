import { type OptionEntry, parseOption } from '@postern/program'
import { InvalidArgumentError } from 'commander'

type NumberEntry = Extract<OptionEntry, { readonly type: 'integer' | 'duration' | 'bytes' }>

/** Reads the number, duration or size behind a flag as option tables do, and refuses as commander does. */
export function parseArgument(entry: Pick<NumberEntry, 'type' | 'min' | 'max'>, text: string): number {
  const parsed = parseOption({ ...entry, flag: '', env: '', help: '' }, text)
  if ('problem' in parsed) throw new InvalidArgumentError(`It ${parsed.problem}.`)
  return Number(parsed.value)
}
