export { createCli } from './create-cli.ts'
