import { RelayError } from '@postern/protocol'
import type { Prompts } from './pick-hybrid-connections.ts'

/** Lines of a list that are seen at once. */
const pageSize = 15

/** Asks the person at the terminal. @throws {RelayError} InvalidConfiguration when there is none */
export async function terminalPrompts(): Promise<Prompts> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new RelayError('InvalidConfiguration', {
      message:
        'hcm add asks what to add, and there is no terminal to ask at. Give the connection string (@FILE keeps it out of the list of processes), or all of -s SUBSCRIPTION -rg GROUP -ns NAMESPACE -n NAME',
    })
  }
  const [{ default: checkbox }, { default: select }] = await Promise.all([
    import('@inquirer/checkbox'),
    import('@inquirer/select'),
  ])
  // Standard output is for the result.
  const context = { output: process.stderr }
  return {
    one: (message, choices) => select({ message, choices, pageSize, loop: false }, context),
    several: (message, choices) => checkbox({ message, choices, pageSize, loop: false, required: true }, context),
  }
}

/** True for what a prompt throws when the person presses Ctrl-C. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof Error && error.name === 'ExitPromptError'
}
