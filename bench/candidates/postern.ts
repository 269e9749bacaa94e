import { findFreePort } from '../processes/free-port.ts'
import type { Candidate, RunningCandidate } from './candidate.ts'
import { type OwnVariant, ownCandidate } from './own-candidate.ts'
import { oneMachine } from './places.ts'
import { hybridConnection, startRelay } from './postern-relay.ts'
import { startCandidate } from './start-processes.ts'

/** Postern as it comes: TLS between the forwarders and the relay. */
export function createPostern(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern',
    about: 'local forwarder, relay, remote forwarder: TLS, carriers, 3 processes',
    usesTls: true,
    usesCarriers: true,
  })
}

/** The same by the plain protocol, as with ends that are not ours: every connection has a relayed connection of its own. */
export function createPosternWithoutCarriers(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-one-each',
    about: 'the same with --carriers off: TLS, a relayed connection for each connection, 3 processes',
    usesTls: true,
    usesCarriers: false,
  })
}

/** Postern without TLS, as behind a load balancer that ends it: for comparison with peers that do not encrypt. */
export function createPlainPostern(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-plain',
    about: 'postern with --tls off: not encrypted, carriers, 3 processes',
    usesTls: false,
    usesCarriers: true,
  })
}

interface Variant extends OwnVariant {
  readonly usesCarriers: boolean
}

function createCandidate(repositoryFolder: string, variant: Variant): Candidate {
  return ownCandidate(variant, async (places) => await startPostern(repositoryFolder, variant, places))
}

async function startPostern(
  repositoryFolder: string,
  variant: Variant,
  places = oneMachine,
): Promise<RunningCandidate> {
  return await startCandidate(async (group) => {
    const relay = await startRelay(group, {
      repositoryFolder,
      usesTls: variant.usesTls,
      host: places.relayHost,
    })
    const [listenPort, targetPort] = [await findFreePort(), await findFreePort()]
    const { env } = relay
    const tls = variant.usesTls ? [] : ['--no-tls']
    const bridge = [...relay.postern, 'bridge', '--carriers', variant.usesCarriers ? 'auto' : 'off', ...tls]
    await group.start({
      name: 'remote',
      command: [...bridge, '-T', `${hybridConnection}:127.0.0.1:${targetPort}`, '-x', relay.listen],
      env,
      // It listens on nothing; the echo through the whole tunnel shows that it is there.
      ready: { output: '' },
      counted: true,
    })
    await group.start({
      name: 'local',
      command: [...bridge, '-L', `127.0.0.1:${listenPort}:${hybridConnection}`, '-x', relay.send],
      env,
      ready: { port: listenPort },
      counted: true,
      place: 'near',
    })
    return await group.finish({ listenPort, targetPort }, relay.listenerDoor)
  }, places)
}
