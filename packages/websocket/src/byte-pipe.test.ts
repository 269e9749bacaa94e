import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { BytePipe, type BytePipeProblem } from './byte-pipe.ts'
import { KeepAlive } from './keep-alive.ts'

async function pair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = connect({ port: (server.address() as { port: number }).port, allowHalfOpen: true })
  const [socket] = (await accepted) as [Socket]
  t.after(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return [client, socket]
}

class Problem extends Error {
  readonly problem: BytePipeProblem

  constructor(problem: BytePipeProblem) {
    super(problem.kind)
    this.problem = problem
  }
}

function pipes(t: TestContext, [client, server]: [Socket, Socket]): [BytePipe<Problem>, BytePipe<Problem>] {
  const keepAlive = new KeepAlive({ intervalMs: 60_000 })
  t.after(() => keepAlive.close())
  const common = { head: new Uint8Array(0), keepAlive, describe: (problem: BytePipeProblem) => new Problem(problem) }
  return [
    new BytePipe({ socket: client, role: 'client', ...common }),
    new BytePipe({ socket: server, role: 'server', ...common }),
  ]
}

interface Heard {
  readonly bytes: Buffer
  readonly error: Problem | undefined
}

/** Everything that a pipe hears until it is over. */
function hear(pipe: BytePipe<Problem>): { readonly ended: Promise<void>; readonly closed: Promise<Heard> } {
  const chunks: Buffer[] = []
  const ended = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<Heard>()
  pipe.open({
    onData: (chunk) => chunks.push(Buffer.from(chunk)),
    onEof: () => ended.resolve(),
    onDrain: () => {},
    onClosed: (error) => closed.resolve({ bytes: Buffer.concat(chunks), error }),
  })
  return { ended: ended.promise, closed: closed.promise }
}

for (const sender of ['client', 'server'] as const) {
  test(`a ${sender} may use its memory again at once, and both directions end by themselves`, async (t) => {
    const [client, server] = pipes(t, await pair(t))
    const [ours, theirs] = sender === 'client' ? [client, server] : [server, client]
    const [heardByUs, heardByThem] = [hear(ours), hear(theirs)]
    const sent: Buffer[] = []
    const memory = Buffer.alloc(200_000)
    for (const length of [1, 4095, 4096, 65_536, 200_000, 0, 70_000]) {
      const message = randomBytes(length)
      sent.push(message)
      memory.set(message)
      ours.send(memory.subarray(0, length))
      memory.fill(0)
    }
    ours.end()
    await heardByThem.ended
    theirs.send(Buffer.from('and back'))
    theirs.end()
    const [us, them] = await Promise.all([heardByUs.closed, heardByThem.closed])
    assert.ok(them.bytes.equals(Buffer.concat(sent)))
    assert.equal(us.bytes.toString(), 'and back')
    assert.deepEqual([us.error, them.error], [undefined, undefined])
  })
}

test('a peer that ends with a code of its own, and one that is cut, are told apart', async (t) => {
  const [client, server] = pipes(t, await pair(t))
  const heard = hear(client)
  hear(server)
  server.fail(1011, 'no target')
  const { error } = await heard.closed
  assert.deepEqual(error?.problem, { kind: 'peer', code: 1011, reason: 'no target' })

  const [other, cut] = pipes(t, await pair(t))
  const heardCut = hear(other)
  hear(cut)
  cut.abort()
  assert.equal((await heardCut.closed).error?.problem.kind, 'cut')
})
