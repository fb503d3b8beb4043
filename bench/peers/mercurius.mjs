// Fastify and Mercurius, compiled by graphql-jit from the first call on; its own subscriptions.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { connect, context, message, port, resolvers, typeDefs } from './graph.mjs'

await connect()
const app = Fastify()
const byName = { resolveType: value => value.__typename }
app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    ...resolvers,
    AcknowledgeAlertPayload: byName,
    AlertFeed: byName,
    Subscription: { alertRaised: { subscribe: (_, __, { pubsub }) => pubsub.subscribe('alerts') } }
  },
  context,
  jit: 1,
  subscription: true
})
app.post('/publish', async request => {
  app.graphql.pubsub.publish({ topic: 'alerts', payload: { alertRaised: message(request.body.title) } })
  return 'ok'
})
await app.listen({ port, host: '127.0.0.1' })
