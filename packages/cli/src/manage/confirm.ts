import { createInterface } from 'node:readline/promises'
import { RelayError } from '@postern/protocol'

/**
 * Asks a person before something is gone; a program is not asked.
 * @throws {RelayError} InvalidConfiguration when the answer is no
 */
export async function confirm(
  consequence: string,
  { input, output }: { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream } = {
    input: process.stdin,
    output: process.stderr,
  },
): Promise<void> {
  if (!input.isTTY || !output.isTTY) return
  const lines = createInterface({ input, output })
  try {
    const answer = await lines.question(`${consequence} Go on? (y/N) `)
    if (/^y(?:es)?$/i.test(answer.trim())) return
  } finally {
    lines.close()
  }
  throw new RelayError('InvalidConfiguration', { message: 'Nothing was done.' })
}
