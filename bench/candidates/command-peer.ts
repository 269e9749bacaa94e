import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { findProgram } from '../processes/find-program.ts'
import type { Candidate, RunningCandidate } from './candidate.ts'
import { installFromNpm } from './install-from-npm.ts'
import type { PeerFile } from './peer-file.ts'
import { Placeholders } from './placeholders.ts'
import { oneMachine } from './places.ts'
import { startCandidate } from './start-processes.ts'

const run = promisify(execFile)
const prepareTimeoutMs = 20_000

/** Makes a candidate of a peer file. */
export function createCommandPeer(peer: PeerFile, benchFolder: string): Candidate {
  return {
    name: peer.name,
    about: peer.about,
    isEncrypted: peer.encrypted,
    runsByDefault: peer.byDefault,
    prepare: async () => {
      const missing = findMissingProgram(peer)
      if (missing !== undefined) return `there is no program '${missing}' here`
      return peer.npm === undefined ? undefined : await installFromNpm(join(benchFolder, 'peers', peer.npm))
    },
    start: async (places) => await startPeer(peer, benchFolder, places),
  }
}

async function startPeer(peer: PeerFile, benchFolder: string, places = oneMachine): Promise<RunningCandidate> {
  return await startCandidate(async (group) => {
    const { folder } = group
    const values = new Placeholders({
      dir: folder,
      peersDir: join(benchFolder, 'peers'),
      node: process.execPath,
      relayHost: places.relayHost,
      user: userInfo().username,
    })
    await values.addPorts(['{listenPort}{targetPort}', JSON.stringify(peer)])
    for (const [name, lines] of Object.entries(peer.files)) {
      writeFileSync(join(folder, name), values.fill(`${lines.join('\n')}\n`), { mode: 0o600 })
    }
    for (const command of peer.prepare) await runToEnd(toCommand(command, values), folder)
    for (const { name, command, ready, counted, env, place } of peer.start) {
      await group.start({
        name,
        command: toCommand(command, values),
        env: Object.fromEntries(Object.entries(env).map(([key, text]) => [key, values.fill(text)])),
        ready: 'port' in ready ? { port: Number(values.fill(ready.port)) } : { output: values.fill(ready.output) },
        counted,
        place,
      })
    }
    return await group.finish({ listenPort: values.port('listenPort'), targetPort: values.port('targetPort') })
  }, places)
}

/** Fills placeholders and makes the program an absolute path, which sshd insists on. */
function toCommand(command: readonly string[], values: Placeholders): string[] {
  const [program = '', ...args] = command.map((part) => values.fill(part))
  return [findProgram(program) ?? program, ...args]
}

async function runToEnd(command: readonly string[], cwd: string): Promise<void> {
  const [program = '', ...args] = command
  await run(program, args, { cwd, timeout: prepareTimeoutMs })
}

function findMissingProgram(peer: PeerFile): string | undefined {
  const programs = [...peer.prepare, ...peer.start.map(({ command }) => command)].map(([program = '']) => program)
  return programs.find((program) => !program.includes('{') && findProgram(program) === undefined)
}
