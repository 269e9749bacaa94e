// The official listener, as its documentation writes it: answers every request with the body that it came with.
// listener.cjs LISTEN-URL KEY-NAME FILE-WITH-KEY
'use strict'

const { readFileSync } = require('node:fs')
const https = require('hyco-https')

const [url, keyName, keyFile] = process.argv.slice(2)
const token = () => https.createRelayToken(url, keyName, readFileSync(keyFile, 'utf8'))
const server = https.createRelayedServer({ server: url, token }, (request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => response.end(Buffer.concat(chunks)))
})
server.on('listening', () => console.log('listening'))
server.on('error', (error) => console.error(error.message))
server.listen()
