import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * Asks a person before something is gone; a program is not asked.
 * @throws {Error} when the answer is no, or none
 */
export async function confirm(
  consequence: string,
  { input, output }: { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream } = {
    input: process.stdin,
    output: process.stderr,
  },
): Promise<void> {
  if (!input.isTTY || !output.isTTY) return
  const lines = createInterface({ input, output, prompt: `${consequence} Go on? (y/N) ` })
  lines.prompt()
  // Ctrl-C and Ctrl-D close it without a line.
  const answer: unknown = await Promise.race([once(lines, 'line').then(([line]) => line), once(lines, 'close')])
  lines.close()
  if (typeof answer === 'string' && /^y(?:es)?$/i.test(answer.trim())) return
  throw new Error('Nothing was done.')
}
