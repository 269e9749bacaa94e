export { MessageQueue } from './message-queue.ts'
export { type PosternOptions, PosternProcess, type PosternResult } from './postern-process.ts'
export { type RawDialOptions, type RawFrame, RawWebSocket } from './raw-web-socket.ts'
export { ScriptedListener, type ScriptedListenerOptions } from './scripted-listener.ts'
export { createSignInCertificate, type SignInCertificate } from './sign-in-certificate.ts'
export { signToken } from './sign-token.ts'
export { type StubDecision, type StubListener, type StubRefusal, StubRelay } from './stub-relay.ts'
export {
  type CertificateWish,
  createTestAuthority,
  type ServerCertificate,
  type TestAuthority,
} from './test-authority.ts'
export { startTestProxy, type TestProxy, type TestProxyOptions } from './test-proxy.ts'
export { startTestRelay, type TestRelay, wrapRelay } from './test-relay.ts'
