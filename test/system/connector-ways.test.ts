// PostgreSQL, Redis, web servers and SSH of a private site, reached by their DNS names from programs that know nothing of a
// relay, in every way of the connector; all of it in namespaces of its own (connector-ways-in-namespace.ts).
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { installInteropFixture } from '../interop/fixture-install.ts'
import type { WayResults } from './connector-ways-in-namespace.ts'
import { findPostgresPrograms } from './postgres-server.ts'
import { missingPrograms, output } from './run-program.ts'
import type { UseResults } from './use-private-services.ts'

const isRoot = process.getuid?.() === 0
const skip =
  missingPrograms({
    unshare: 'util-linux',
    ip: 'iproute2',
    psql: 'postgresql-client',
    'redis-server': 'redis-server',
    'redis-cli': 'redis-tools',
    curl: 'curl',
    ssh: 'openssh-client',
    openssl: 'openssl',
    javac: 'default-jdk-headless',
  }) ||
  (findPostgresPrograms() === undefined && 'NOT TESTED: no PostgreSQL server: apt install postgresql') ||
  (!isRoot && 'NOT TESTED: a site with an SSH server and namespaces of its own needs root')

describe('private services by name', { skip }, () => {
  let results: WayResults

  before(async () => {
    // There is no registry inside.
    await installInteropFixture('drivers')
    const inside = fileURLToPath(new URL('./connector-ways-in-namespace.ts', import.meta.url))
    const command = 'ip link set lo up && exec "$0" --conditions=@postern/source "$1"'
    results = JSON.parse(
      await output('unshare', ['-mn', '--kill-child', 'sh', '-c', command, process.execPath, inside], {
        timeoutMs: 200_000,
      }),
    ) as WayResults
  })

  /** Two of the services have the same port number. */
  function assertPrograms({ psql, redis, curl, ssh }: UseResults): void {
    assert.equal(psql, 'psql by name')
    assert.equal(redis, 'redis by name')
    assert.equal(curl, 'web.corp:8080 says /by-name')
    assert.match(ssh ?? '', /^ssh by name\n\w+$/)
  }

  function assertNode({ pg, fetch, tls }: UseResults): void {
    assert.equal(pg, 'pg by name')
    assert.equal(fetch, 'web.corp:8080 says /fetch')
    assert.equal(tls, 'secured by its own certificate')
  }

  it('connector run: every program of a user without rights, and Node with pg, fetch and tls', () => {
    assert.equal(results.run.uid, results.plainUid)
    assertPrograms(results.run)
    assertNode(results.run)
  })

  it('connector --hosts: the same, and the hosts file is as before when it ends', () => {
    assertPrograms(results.hosts)
    assertNode(results.hosts)
    const [before, during, after] = results.hostsFile
    assert.match(during, /^127\.\d+\.\d+\.\d+\s.*\bdb\.corp\b/m)
    assert.equal(after, before)
  })

  it('connector --dns: the same, for programs whose resolver is the connector', () => {
    assertPrograms(results.dns)
    assertNode(results.dns)
  })

  it("import '@postern/connector/register': Node with pg, fetch and tls, by itself and by connector run --way node", () => {
    for (const used of [results.register, results.wayNode]) {
      assert.equal(used.uid, results.plainUid)
      assertNode(used)
    }
  })

  it('connector run --own-network: ports below 1024, and a service by its address', () => {
    assert.deepEqual(results.ownNetwork, { ssh: 'port 22 by name', literal: '10.20.30.40 says /by-address' })
  })

  it('connector run --way java: a Java program by its own hosts file', () => {
    assert.deepEqual(results.java, ['web.corp:8080 says /java', 'true'])
  })
})
