import { askControl } from '@postern/program'
import type { ControlOperationName, ControlParams, ControlResults } from './control-operations.ts'

/** Asks the service that runs on this machine. */
export class ControlClient {
  readonly #socketPath: string

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  /** @throws {RelayError} what the service said; ConnectionFailed when none runs or it may not be asked. */
  async call<Name extends ControlOperationName>(
    name: Name,
    params: ControlParams<Name>,
  ): Promise<ControlResults[Name]> {
    const socketPath = this.#socketPath
    const answer = await askControl({ socketPath, startWith: `hcm run${orAsService()}`, name, params })
    return answer as ControlResults[Name]
  }
}

/** A service that was installed has the folder of root, which others do not see. */
function orAsService(): string {
  if (process.platform === 'win32') return ''
  return process.getuid?.() === 0
    ? ', or where it is installed: hcm service start'
    : '; one that was installed as a service is asked with sudo'
}
