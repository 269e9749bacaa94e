// The walk through App Service hybrid connections that the page of App Service describes, with real programs: a hybrid
// connection of two apps of a plan, two Hybrid Connection Managers, a PostgreSQL that only they reach.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { whyNoNetworkYard } from './faults/network-yard.ts'
import { findPostgresPrograms } from './postgres-server.ts'
import { PsqlSession, PsqlTransfer } from './psql-session.ts'
import { missingPrograms } from './run-program.ts'
import { type AppName, type HcmView, tryProgram, WalkThroughBed } from './walk-through-bed.ts'

const skip =
  whyNoNetworkYard() ||
  missingPrograms({ psql: 'postgresql-client', nsenter: 'util-linux', stdbuf: 'coreutils' }) ||
  (findPostgresPrograms() === undefined && 'NOT TESTED: no PostgreSQL server: apt install postgresql')

interface PlanView {
  readonly used: number
  readonly maximum: number
  readonly hybridConnections: readonly {
    readonly name: string
    readonly endpoint: string
    readonly status: string
    readonly target: string
    readonly apps: readonly { readonly name: string }[]
  }[]
}

interface AppView {
  readonly properties: { readonly status: string; readonly hostname: string; readonly port: number }
}

interface Keys {
  readonly primaryConnectionString: string
  readonly secondaryConnectionString: string
}

const entity = '--hybrid-connection db --namespace contoso'
const keysOf = '-g field --namespace-name contoso --hybrid-connection-name db'

describe('a hybrid connection from its making to its end', { skip, timeout: 480_000 }, () => {
  let bed: WalkThroughBed
  let subscription: string
  /** What comes before a command that is to run beside the program of an app. */
  const enter: Record<AppName, readonly string[]> = { shop: [], desk: [] }
  /** What stays open over many steps. */
  const open = {} as Record<AppName, { session: PsqlSession; transfer: PsqlTransfer }>
  const parts = new AsyncDisposableStack()

  before(async () => {
    bed = await WalkThroughBed.open()
  })
  after(async () => {
    await parts.disposeAsync()
    await bed?.[Symbol.asyncDispose]()
  })

  /** What the plan's view says: status, use, apps. */
  async function plan(): Promise<unknown> {
    const { used, maximum, hybridConnections } = await bed.postern<PlanView>(
      'appservice hybrid-connection list -g field --plan plan1',
    )
    const each = hybridConnections.map(({ name, endpoint, status, target, apps }) => [
      name,
      endpoint,
      status,
      target,
      apps.map((app) => app.name).toSorted(),
    ])
    return [`${used} of ${maximum}`, ...each.flat()]
  }

  it('is made and added to two apps of a plan, of which it counts once, and says that nobody is there yet', async () => {
    await bed.postern('group create -n field -l westus2')
    const [namespace] = await Promise.all([
      bed.postern<{ id: string }>('relay namespace create -n contoso -g field -l westus2'),
      bed
        .postern('appservice plan create -n plan1 -g field --sku B1')
        .then(() =>
          Promise.all(['shop', 'desk'].map((name) => bed.postern(`webapp create -n ${name} -g field -p plan1`))),
        ),
    ])
    subscription = namespace.id.split('/')[2] ?? ''
    const [made] = await Promise.all([
      bed.postern<AppView>(`webapp hybrid-connection create -n shop -g field ${entity} --endpoint db.corp:5432`),
      ...['shop', 'desk'].map((name) => bed.postern(`webapp identity assign -n ${name} -g field`)),
    ])
    assert.deepEqual(
      [made.properties.hostname, made.properties.port, made.properties.status],
      ['db.corp', 5432, 'NotConnected'],
    )
    const added = await bed.postern<AppView>(`webapp hybrid-connection add -n desk -g field ${entity}`)
    assert.equal(added.properties.status, 'NotConnected')
    assert.deepEqual(await plan(), ['1 of 5', 'db', 'db.corp:5432', 'NotConnected', 'Unknown', ['desk', 'shop']])
  })

  it('is served by two managers: one was given the connection string, at the other somebody signed in', async () => {
    const [keys] = await Promise.all([
      bed.postern<Keys>(`relay hyco authorization-rule keys list ${keysOf} -n defaultListener`),
      bed.startHcm('first'),
      bed.startHcm('second'),
    ])
    // At the second one the name of the database leads nowhere yet.
    await bed.leadDatabase('second', false)
    const [first, second] = await Promise.all([bed.hcm('first', 'add', keys.primaryConnectionString), addSignedIn()])
    assert.deepEqual(shown(first), ['db.corp:5432', 'Connected', 'Reachable', 'manual'])
    assert.deepEqual(shown(second), ['db.corp:5432', 'Connected', 'Unreachable', 'manual'])
    assert.equal(second.Problem?.Hop, 'target')
    assert.match(second.Problem?.Message ?? '', /db\.corp:5432 cannot be reached: ECONNREFUSED/)
    const [tested, seen] = await Promise.all([bed.hcm('first', 'test', 'db'), plan()])
    assert.equal(tested.NumberOfListeners, 2)
    assert.deepEqual(seen, ['1 of 5', 'db', 'db.corp:5432', 'Connected', 'Unknown', ['desk', 'shop']])
  })

  /** `hcm add` by names, with the sign-in of the administrator. */
  function addSignedIn(): Promise<HcmView> {
    return bed.hcm('second', 'add', '-s', subscription, '-rg', 'field', '-ns', 'contoso', '-n', 'db')
  }

  it('is reached by name from both apps, by the manager that reaches the database', async () => {
    const [shop, desk] = await Promise.all([startApp('shop'), startApp('desk', ['--own-network'])])
    enter.shop = shop
    enter.desk = desk
    for (const inside of [shop, desk])
      assert.match(await tryProgram([...inside, 'getent', 'hosts', 'db.corp']), /^127\.\d+\.\d+\.\d+ +db\.corp/)
    assert.match(await tryProgram(['getent', 'hosts', 'db.corp']), /^2: /, 'and nobody else knows the name')

    await openStreams('shop')
    await Promise.all([bed.leadDatabase('second', true), bed.leadDatabase('first', false)])
    const [first, second] = await Promise.all([bed.testHcm('first'), bed.testHcm('second')])
    assert.deepEqual([first.Target, first.Streams], ['Unreachable', 2], 'what is open goes on')
    assert.deepEqual([second.Target, second.Streams], ['Reachable', 0])
    await openStreams('desk')
    await bed.leadDatabase('first', true)
    assert.deepEqual(await streams(), [2, 2])
    for (const app of ['shop', 'desk'] as const) assert.doesNotMatch(bed.said(app), /WARN|ERROR/)
  })

  async function startApp(name: AppName, options: readonly string[] = []): Promise<readonly string[]> {
    const credential = await bed.postern(`webapp identity credential create -n ${name} -g field`)
    return bed.startApp(name, credential, options)
  }

  /** A session, and a transfer that has begun. */
  async function openStreams(app: AppName): Promise<void> {
    const [session, transfer] = await Promise.all([PsqlSession.open(enter[app]), PsqlTransfer.begin(enter[app])])
    open[app] = { session: parts.use(session), transfer: parts.use(transfer) }
  }

  /** How many streams each manager has, after its target was looked at. */
  async function streams(): Promise<readonly number[]> {
    const views = await Promise.all([bed.testHcm('first'), bed.testHcm('second')])
    for (const view of views) assert.deepEqual(shown(view), ['db.corp:5432', 'Connected', 'Reachable', 'manual'])
    return views.map(({ Streams }) => Streams)
  }

  it('gets other keys for apps and managers, and what is open feels nothing', async () => {
    const renew = 'relay hyco authorization-rule keys renew'
    const [{ secondaryConnectionString }] = await Promise.all([
      bed.postern<Keys>(`relay hyco authorization-rule keys list ${keysOf} -n defaultListener`),
      bed.postern(`appservice hybrid-connection set-key -g field --plan plan1 ${entity} --key-type secondary`),
    ])
    const [changed] = await Promise.all([
      bed.hcm('first', 'add', secondaryConnectionString),
      bed.postern(`${renew} ${keysOf} -n defaultSender --key PrimaryKey`),
    ])
    assert.deepEqual(shown(changed), ['db.corp:5432', 'Connected', 'Reachable', 'manual'])
    await everybodyReads()
    // The second manager still has the primary key, and both apps have the secondary one.
    await Promise.all([
      bed.postern(`${renew} ${keysOf} -n defaultListener --key PrimaryKey`),
      bed.postern(`${renew} ${keysOf} -n defaultSender --key SecondaryKey`),
    ])
    const refused = await bed.hcm('second', 'show', 'db')
    assert.deepEqual([refused.Status, refused.Problem?.Hop, refused.Streams], ['NotFound', 'token', 2])
    assert.deepEqual(shown(await addSignedIn()), ['db.corp:5432', 'Connected', 'Reachable', 'manual'])
    await everybodyReads()
    assert.equal(await queryOnce('shop'), 'answered')
    assert.equal(await queryOnce('desk'), 'answered')
    for (const { transfer } of Object.values(open)) {
      const { code, hash, stderr } = await transfer.finish()
      assert.deepEqual([code, hash], [0, PsqlTransfer.wholeHash], stderr)
    }
    assert.deepEqual(await streams(), [1, 1])
  })

  /** Everything that is open goes on. */
  async function everybodyReads(): Promise<void> {
    for (const { session, transfer } of Object.values(open)) {
      assert.equal(await session.ask("'still here'"), 'still here')
      await transfer.read(1_000_000)
    }
  }

  /** A connection of its own. */
  function queryOnce(app: AppName): Promise<string> {
    return tryProgram([
      ...enter[app],
      'psql',
      '-h',
      'db.corp',
      '-U',
      'postgres',
      '--no-psqlrc',
      '-tAc',
      "select 'answered'",
      'postgres',
    ])
  }

  it('goes on by the other manager when one is killed; what went through the killed one is cut, and nothing else', async (context) => {
    const transfer = parts.use(await PsqlTransfer.begin(enter.shop))
    const { session } = open.shop
    await bed.killHcm('first')
    const killedAtMs = performance.now()
    assert.equal(await queryOnce('shop'), 'answered')
    context.diagnostic(`a new connection ${Math.round(performance.now() - killedAtMs)} ms after the death`)
    assert.equal(await open.desk.session.ask("'still here'"), 'still here')
    const [left, seen] = await Promise.all([bed.testHcm('second'), plan()])
    assert.deepEqual([left.Status, left.NumberOfListeners, left.Streams], ['Connected', 1, 1])
    assert.deepEqual(seen, ['1 of 5', 'db', 'db.corp:5432', 'Connected', 'Unknown', ['desk', 'shop']])

    await bed.startHcm('first')
    const finished = await transfer.finish()
    context.diagnostic(`the transfer was cut ${Math.round(performance.now() - killedAtMs)} ms after the death`)
    assert.notEqual(finished.code, 0, 'half of a transfer is never taken for the whole')
    await isCut(session)
    assert.equal(await open.desk.session.ask("'still here'"), 'still here')
    await streams()
    assert.equal((await bed.testHcm('second')).NumberOfListeners, 2)
  })

  it('is taken from one app, which loses name and connections, while the other one goes on', async () => {
    const session = parts.use(await PsqlSession.open(enter.shop))
    await bed.postern(`webapp hybrid-connection remove -n desk -g field ${entity} --yes`)
    await nameIsGone('desk')
    assert.match(await queryOnce('desk'), /could not translate host name "db\.corp"/)
    await isCut(open.desk.session)
    assert.equal(await session.ask("'still here'"), 'still here')
    assert.equal(await queryOnce('shop'), 'answered')
    assert.deepEqual(await plan(), ['1 of 5', 'db', 'db.corp:5432', 'Connected', 'Unknown', ['shop']])
  })

  it('is still Connected when neither manager reaches the database, and says that it is Unreachable', async () => {
    const lead = (isRight: boolean): Promise<unknown> =>
      Promise.all((['first', 'second'] as const).map((name) => bed.leadDatabase(name, isRight)))
    await lead(false)
    await Promise.all([bed.testHcm('first'), bed.testHcm('second')])
    assert.deepEqual(await plan(), ['1 of 5', 'db', 'db.corp:5432', 'Connected', 'Unreachable', ['shop']])
    await lead(true)
    await streams()
    assert.equal(await queryOnce('shop'), 'answered')
  })

  /** Waits until an app has lost the name. */
  async function nameIsGone(app: AppName): Promise<void> {
    const deadline = AbortSignal.timeout(20_000)
    while (!(await tryProgram([...enter[app], 'getent', 'hosts', 'db.corp'])).startsWith('2: '))
      deadline.throwIfAborted()
  }

  /** Waits until a session has been ended. */
  async function isCut(session: PsqlSession): Promise<void> {
    const deadline = AbortSignal.timeout(20_000)
    for (;;) {
      try {
        await session.ask('1')
      } catch (error) {
        assert.match((error as Error).message, /psql ended with 2: .*server/s)
        return
      }
      deadline.throwIfAborted()
    }
  }

  it('is taken from the other one too, counts no more for the plan, and the managers stand by', async () => {
    await bed.postern(`webapp hybrid-connection remove -n shop -g field ${entity} --yes`)
    await nameIsGone('shop')
    assert.deepEqual(await plan(), ['0 of 5'])
    await streamsAreGone()
    assert.deepEqual(bed.complaints, [])
  })

  /** What is taken away may go on for 2 s. */
  async function streamsAreGone(): Promise<void> {
    const deadline = AbortSignal.timeout(20_000)
    while ((await streams()).some((count) => count > 0)) deadline.throwIfAborted()
  }
})

/** What `hcm` says of endpoint and state. */
function shown({ Endpoint, Status, Target, Origin }: HcmView): readonly unknown[] {
  return [Endpoint, Status, Target, Origin]
}
