// GraphQL Yoga on node:http; subscriptions by graphql-ws over ws, fed by Yoga's own pub/sub.
import { createServer } from 'node:http'
import { execute, subscribe } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import { connect, context, message, port, readBody, resolvers, typeDefs } from './graph.mjs'

await connect()
const pubSub = createPubSub()
const schema = createSchema({
  typeDefs,
  resolvers: {
    ...resolvers,
    Subscription: { alertRaised: { subscribe: () => pubSub.subscribe('alerts'), resolve: value => value } }
  },
  resolverValidationOptions: { requireResolversForResolveType: 'ignore' }
})
const yoga = createYoga({ schema, context, logging: false, graphiql: false, landingPage: false, maskedErrors: false })
const server = createServer(async (request, response) => {
  if (request.url !== '/publish') return yoga(request, response)
  pubSub.publish('alerts', message(JSON.parse(await readBody(request)).title))
  response.end('ok')
})
useServer({ schema, execute, subscribe, context }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(port, '127.0.0.1')
