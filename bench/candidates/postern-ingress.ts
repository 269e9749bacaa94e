import { findFreePort } from '../processes/free-port.ts'
import type { Candidate, RunningCandidate } from './candidate.ts'
import { type OwnVariant, ownCandidate } from './own-candidate.ts'
import { oneMachine } from './places.ts'
import { type BenchRelay, hybridConnection, startRelay } from './postern-relay.ts'
import { type ProcessGroup, startCandidate } from './start-processes.ts'

/** A public port of the relay itself, as frp and rathole have it: one hop less than with a local forwarder. */
export function createPosternIngress(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-ingress',
    about: 'public port of the relay, far end: TLS between them, carriers, 2 processes',
    usesTls: true,
  })
}

/** The same without TLS, beside peers that do not encrypt. */
export function createPlainPosternIngress(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-ingress-plain',
    about: 'postern-ingress with --tls off: not encrypted, carriers, 2 processes',
    usesTls: false,
  })
}

function createCandidate(repositoryFolder: string, variant: OwnVariant): Candidate {
  return ownCandidate(variant, async (places) => await start(repositoryFolder, variant, places))
}

/** An entry without its port. No limit of ours is to be measured: the load comes from one address. */
export const boundlessEntry = {
  ...{ name: 'bench', hybridConnection, access: 'open' },
  ...{ maxConnections: 100_000, maxConnectionsPerSource: 100_000, connectionsPerSecondPerSource: 100_000 },
} as const

/** The bridge beside the target: what comes to a public port is bytes, and nothing of azbridge's. */
export async function startFarEnd(
  group: ProcessGroup,
  relay: BenchRelay,
  { targetPort, usesTls }: { readonly targetPort: number; readonly usesTls: boolean },
): Promise<void> {
  await group.start({
    name: 'remote',
    command: [
      ...[...relay.postern, 'bridge', '--framing', 'raw', ...(usesTls ? [] : ['--no-tls'])],
      ...['-T', `${hybridConnection}:127.0.0.1:${targetPort}`, '-x', relay.listen],
    ],
    env: relay.env,
    // It listens on nothing; the echo through the whole tunnel shows that it is there.
    ready: { output: '' },
    counted: true,
  })
}

async function start(
  repositoryFolder: string,
  { usesTls }: OwnVariant,
  places = oneMachine,
): Promise<RunningCandidate> {
  return await startCandidate(async (group) => {
    const [listenPort, targetPort] = [await findFreePort(), await findFreePort()]
    const { relayHost: host } = places
    const entry = { ...boundlessEntry, port: listenPort, address: host }
    const relay = await startRelay(group, { repositoryFolder, usesTls, host, ingress: [entry] })
    await startFarEnd(group, relay, { targetPort, usesTls })
    return await group.finish({ listenPort, targetPort }, relay.listenerDoor)
  }, places)
}
