import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fallBackOf, javaEnvironment, nodeEnvironment } from './fall-back.ts'

test('Node and Java programs are known by their names, others have no fall-back', () => {
  assert.equal(fallBackOf('/usr/bin/node'), 'node')
  assert.equal(fallBackOf('npx'), 'node')
  assert.equal(fallBackOf('/opt/jdk/bin/java'), 'java')
  for (const other of ['psql', 'nodemon.py', '/node/psql', 'javac']) assert.equal(fallBackOf(other), undefined, other)
})

test('options that the programs have already stay in front', () => {
  const env = { NODE_OPTIONS: '--max-old-space-size=100', JAVA_TOOL_OPTIONS: '-Xmx1g', HOME: '/root' }
  assert.deepEqual(nodeEnvironment(env, 'file:///hook.js'), {
    ...env,
    NODE_OPTIONS: '--max-old-space-size=100 --import=file:///hook.js',
  })
  assert.deepEqual(javaEnvironment(env, '/t/hosts'), {
    ...env,
    JAVA_TOOL_OPTIONS: '-Xmx1g -Djdk.net.hosts.file=/t/hosts',
  })
})

test('a path with spaces stays one word', () => {
  assert.equal(javaEnvironment({}, '/a b/hosts')['JAVA_TOOL_OPTIONS'], '"-Djdk.net.hosts.file=/a b/hosts"')
})

test('the hook from its source brings the condition that finds the other sources', () => {
  const options = nodeEnvironment({}, 'file:///hook.ts')['NODE_OPTIONS']
  assert.equal(options, '--import=file:///hook.ts --conditions=@postern/source')
})
