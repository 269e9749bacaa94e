import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PosternProcess } from '@postern/testkit'

const folder = mkdtempSync(join(tmpdir(), 'postern-start-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const freePorts = ['--data-port', '0', '--management-port', '0']

/** Without the port, which is another one each time. */
function connectionStrings(output: string): string[] {
  return [...output.matchAll(/^ {4}(?:listen|send) +(\S+)$/gm)].map(([, found = '']) => found.replace(/:\d+\//, '/'))
}

test('start proves its tunnel, says what to paste, and keeps its keys until the next start', async () => {
  await using first = new PosternProcess(['start', ...freePorts], { cwd: folder })
  await first.waitFor('stdout', /through the tunnel to a private service and back in \d+\.\d ms/)
  await first.waitFor('stdout', /^Ctrl-C stops everything/m)
  const [, local = ''] = await first.waitFor('stdout', /tunnel +(http:\S+) -> relay -> 127\.0\.0\.1:/)
  const answer = await fetch(`${local}/through/the/tunnel`, { signal: AbortSignal.timeout(10_000) })
  assert.match(await answer.text(), /GET \/through\/the\/tunnel/)
  first.kill('SIGINT')
  assert.equal((await first.end()).code, 0)

  await using second = new PosternProcess(['start', ...freePorts], { cwd: folder })
  await second.waitFor('stdout', /^Ctrl-C stops everything/m)
  assert.equal(connectionStrings(first.stdout).length, 4)
  assert.deepEqual(connectionStrings(second.stdout), connectionStrings(first.stdout))
  second.kill('SIGTERM')
  assert.equal((await second.end()).code, 0)
})

test('a request with a token from the pasted curl line reaches the private service over HTTP', async () => {
  await using postern = new PosternProcess(['start', '--in-memory', '--tls', 'off', ...freePorts])
  const [, token = '', url = ''] = await postern.waitFor('stdout', /ServiceBusAuthorization: (.+)' (http:\S+)$/m)
  const init = { method: 'POST', body: 'x'.repeat(100_000), signal: AbortSignal.timeout(10_000) }
  const answer = await fetch(`${url}/deep?x=1`, { ...init, headers: { ServiceBusAuthorization: token } })
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /POST \/deep\?x=1/)
  assert.equal((await fetch(url, init)).status, 401)
})

test('a port that somebody chose is not given up for another one', async () => {
  const taken = createServer().listen(0)
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  try {
    const ports = ['--data-port', String(port), '--management-port', '0']
    const { code, stderr, stdout } = await PosternProcess.run(['start', '--in-memory', ...ports])
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`Port ${port} of the data door is taken by another program.*--data-port`))
    assert.equal(stdout, '')
  } finally {
    taken.close()
  }
})

test('a demo that cannot work ends with an error instead of a table', async () => {
  const resources = join(folder, 'no-listener.yaml')
  writeFileSync(
    resources,
    `namespaces:
      - name: local
        default: true
        rules: [{ name: send, rights: [Send] }]
        hybridConnections: [{ name: demo }]`,
  )
  const { code, stderr, stdout } = await PosternProcess.run([
    'start',
    '--in-memory',
    '--resources',
    resources,
    ...freePorts,
  ])
  assert.equal(code, 2)
  assert.match(stderr, /local\/demo needs a rule with Listen/)
  assert.equal(stdout, '')
})
