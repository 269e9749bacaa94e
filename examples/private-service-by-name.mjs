// A Node program that opens a private service by its own name. Nothing in it knows of the relay:
//   export POSTERN_CONNECTION_STRINGS='web.corp:80=Endpoint=sb://relay.example.test/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=web'
//   node --import @postern/connector/register examples/private-service-by-name.mjs
const response = await fetch('http://web.corp/')
console.log(response.status, await response.text())
