import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { findFreePort } from '../processes/free-port.ts'
import type { Candidate, RunningCandidate } from './candidate.ts'
import { type OwnVariant, ownCandidate } from './own-candidate.ts'
import { oneMachine } from './places.ts'
import { startRelay } from './postern-relay.ts'
import { startCandidate } from './start-processes.ts'

const commandTimeoutMs = 60_000

/** The connector opens the ports of endpoints at an address of its own: the target has the same port at another one. */
const connectorAddress = 2

/** As App Service has it: the connector beside the application, the relay, the Hybrid Connection Manager beside the target. */
export function createPosternHcm(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-hcm',
    about: 'connector, relay, Hybrid Connection Manager: TLS, carriers, 3 processes',
    carriers: 'auto',
    usesTls: true,
  })
}

/** The same without TLS: for comparison with peers that do not encrypt. */
export function createPlainPosternHcm(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-hcm-plain',
    about: 'postern-hcm with --tls off: not encrypted, carriers, 3 processes',
    carriers: 'auto',
    usesTls: false,
  })
}

/** The same by the plain protocol, as with a listener that is not ours. */
export function createPosternHcmWithoutCarriers(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-hcm-one-each',
    about: 'the same with --carriers off: TLS, a relayed connection for each connection, 3 processes',
    carriers: 'off',
    usesTls: true,
  })
}

/** Of the relay on one machine: no endpoint may be on its own host. */
const relayHost = '127.0.0.3'

interface Variant extends OwnVariant {
  readonly carriers: 'auto' | 'off'
}

function createCandidate(repositoryFolder: string, variant: Variant): Candidate {
  return ownCandidate(variant, async (places) => await start(repositoryFolder, variant, places))
}

async function start(
  repositoryFolder: string,
  { carriers, usesTls }: Variant,
  places = oneMachine,
): Promise<RunningCandidate> {
  return await startCandidate(async (group) => {
    const { folder } = group
    const port = await findFreePort()
    const endpoint = `127.0.0.1:${port}`
    const host = places === oneMachine ? relayHost : places.relayHost
    const relay = await startRelay(group, { repositoryFolder, usesTls, endpoint, host })
    const hcm = [...relay.postern, 'hcm']
    const tls = usesTls ? [] : ['--no-tls']
    const env = { ...relay.env, POSTERN_HCM_DIR: join(folder, 'hcm') }
    await group.start({
      name: 'hcm',
      command: [...hcm, 'run', '--json', ...tls],
      env,
      ready: { output: 'hcm.started' },
      counted: true,
    })
    const [listenKey, sendKey] = [join(folder, 'listen.secret'), join(folder, 'send.secret')]
    writeFileSync(listenKey, relay.listen, { mode: 0o600 })
    writeFileSync(sendKey, relay.send, { mode: 0o600 })
    const [program, ...args] = [...places.enter('far'), ...hcm, 'add', `@${listenKey}`]
    await promisify(execFile)(program, args, { env: { ...process.env, ...env }, timeout: commandTimeoutMs })
    await group.start({
      name: 'connector',
      command: [
        ...[process.execPath, '--conditions=@postern/source', join(import.meta.dirname, 'connector-program.ts')],
        ...[endpoint, sendKey, carriers, `127.0.0.${connectorAddress}`, usesTls ? 'on' : 'off'],
      ],
      env: relay.env,
      ready: { output: 'ready' },
      counted: true,
      place: 'near',
    })
    return await group.finish(
      { listenAddress: connectorAddress, listenPort: port, targetPort: port },
      relay.listenerDoor,
    )
  }, places)
}
