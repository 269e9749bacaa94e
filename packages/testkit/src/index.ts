export { type StubDecision, type StubListener, type StubRefusal, StubRelay } from './stub-relay.ts'
