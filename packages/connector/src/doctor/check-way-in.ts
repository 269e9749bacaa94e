import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { doubtful, type Finding, fine } from '@postern/program'

/** An endpoint, as programs of this machine mean it. */
export interface WayIn {
  readonly host: string
  /** Where the connector listens for it; undefined when none runs here. */
  readonly address: string | undefined
}

/**
 * Whether a program that opens the host gets to the connector. It is told from this process: programs in namespaces of
 * their own, and those with the hook for Node, see something else.
 */
export async function checkWayIn({ host, address }: WayIn): Promise<Finding> {
  if (isIP(host) !== 0) {
    return doubtful(
      `${host} is an address: no hosts file and no DNS leads it to the connector`,
      'Run the program by postern connector run --own-network, or with the hook for Node; or give the hybrid connection an endpoint with a name.',
    )
  }
  if (address === undefined) {
    return doubtful(
      'no connector that listens runs here',
      'Start one: postern connector --hosts or --dns; or run the program by postern connector run.',
    )
  }
  const found = await lookup(host, { family: 4 }).then(
    (answer) => answer.address,
    ({ code = 'unknown' }: NodeJS.ErrnoException) => code,
  )
  if (found === address) return fine(`programs of this machine find ${host} at ${address}, where the connector listens`)
  return doubtful(
    `programs that ask the resolver of this machine are not led to the connector: ${host} is ${found}, not ${address}`,
    'Choose a way in: postern connector run -- PROGRAM, --hosts, --dns, or NODE_OPTIONS=--import for Node programs.',
  )
}
