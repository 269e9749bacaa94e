import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FrontDoorAdmission } from './front-door-admission.ts'

describe('FrontDoorAdmission', () => {
  it('admits up to the total and again after one left', () => {
    const admission = new FrontDoorAdmission({ maxTotal: 2, maxPerAddress: 9 })
    const first = admission.enter()
    assert.ok(first && admission.enter())
    assert.equal(admission.enter(), undefined)
    first.leave()
    first.leave()
    assert.equal(admission.total, 1)
    assert.ok(admission.enter())
  })

  it('counts addresses on their own', () => {
    const admission = new FrontDoorAdmission({ maxTotal: 9, maxPerAddress: 1 })
    const first = admission.enter()!
    assert.equal(first.claim('192.0.2.1'), true)
    assert.equal(first.claim('192.0.2.1'), true)
    assert.equal(admission.enter()!.claim('192.0.2.1'), false)
    assert.equal(admission.enter()!.claim('192.0.2.2'), true)
    first.leave()
    assert.equal(admission.enter()!.claim('192.0.2.1'), true)
  })

  it('counts IPv6 clients by their /64', () => {
    const admission = new FrontDoorAdmission({ maxTotal: 9, maxPerAddress: 1 })
    assert.equal(admission.enter()!.claim('2001:db8::1'), true)
    assert.equal(admission.enter()!.claim('2001:db8:0:0:ffff::2'), false)
    assert.equal(admission.enter()!.claim('2001:db8:0:1::1'), true)
    assert.equal(admission.enter()!.claim('::1'), true)
  })

  it('a connection that changes its address frees the one before', () => {
    const admission = new FrontDoorAdmission({ maxTotal: 9, maxPerAddress: 1 })
    const moving = admission.enter()!
    assert.equal(moving.claim('192.0.2.1'), true)
    assert.equal(moving.claim('192.0.2.2'), true)
    assert.equal(admission.enter()!.claim('192.0.2.1'), true)
  })

  it('a connection that has left claims nothing more', () => {
    const admission = new FrontDoorAdmission({ maxTotal: 9, maxPerAddress: 1 })
    const authorized = admission.enter()!
    authorized.leave()
    assert.equal(authorized.claim('192.0.2.1'), true)
    assert.equal(admission.enter()!.claim('192.0.2.1'), true)
  })
})
