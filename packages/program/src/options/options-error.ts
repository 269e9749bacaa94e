import { RelayError } from '@postern/protocol'

/** One fault of a configuration. */
export interface OptionProblem {
  /** `--data-port`, `POSTERN_DATA_PORT` or `relay.yaml:3:1 dataPort`. */
  readonly where: string
  readonly message: string
}

/** Says everything that is wrong with a configuration at once; `code` is `InvalidConfiguration`. */
export class OptionsError extends RelayError {
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super('InvalidConfiguration', { message: describe(problems) })
    this.problems = problems
  }
}

function describe(problems: readonly OptionProblem[]): string {
  const lines = problems.map(({ where, message }) => `${where}: ${message}`)
  if (lines.length === 1) return `The configuration is not valid. ${lines[0]}`
  return `The configuration has ${lines.length} problems:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
