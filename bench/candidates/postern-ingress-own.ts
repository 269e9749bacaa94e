import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { findFreePort } from '../processes/free-port.ts'
import type { Candidate, RunningCandidate } from './candidate.ts'
import { type OwnVariant, ownCandidate } from './own-candidate.ts'
import { oneMachine } from './places.ts'
import { boundlessEntry, startFarEnd } from './postern-ingress.ts'
import { hybridConnection, startRelay } from './postern-relay.ts'
import { startCandidate } from './start-processes.ts'

/** A public port in a process beside the relay, as where several stand behind a load balancer: one hop more than a port of the relay. */
export function createPosternIngressOwn(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-ingress-own',
    about: 'postern ingress beside the relay, relay, far end: TLS between them, carriers, 3 processes',
    usesTls: true,
    runsByDefault: false,
  })
}

/** The same without TLS, beside peers that do not encrypt. */
export function createPlainPosternIngressOwn(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-ingress-own-plain',
    about: 'postern-ingress-own with --tls off: not encrypted, carriers, 3 processes',
    usesTls: false,
    runsByDefault: false,
  })
}

function createCandidate(repositoryFolder: string, variant: OwnVariant): Candidate {
  return ownCandidate(variant, async (places) => await start(repositoryFolder, variant, places))
}

async function start(
  repositoryFolder: string,
  { usesTls }: OwnVariant,
  places = oneMachine,
): Promise<RunningCandidate> {
  return await startCandidate(async (group) => {
    const [listenPort, targetPort, healthPort] = [await findFreePort(), await findFreePort(), await findFreePort()]
    const { relayHost: host } = places
    const relay = await startRelay(group, { repositoryFolder, usesTls, host })
    const tls = usesTls ? [] : ['--no-tls']
    await startFarEnd(group, relay, { targetPort, usesTls })
    const [file, accessFile] = [join(group.folder, 'ingress.yaml'), join(group.folder, 'send.secret')]
    const ingress = [{ ...boundlessEntry, port: listenPort, address: host }]
    const namespaces = [{ name: 'local', hybridConnections: [{ name: hybridConnection }], ingress }]
    writeFileSync(file, JSON.stringify({ namespaces }))
    writeFileSync(accessFile, relay.send, { mode: 0o600 })
    await group.start({
      name: 'ingress',
      command: [
        ...[...relay.postern, 'ingress', '-f', file, '-x', `@${accessFile}`, ...tls],
        ...['--health', `127.0.0.1:${healthPort}`],
      ],
      env: relay.env,
      ready: { port: listenPort },
      counted: true,
    })
    return await group.finish({ listenPort, targetPort }, relay.listenerDoor)
  }, places)
}
