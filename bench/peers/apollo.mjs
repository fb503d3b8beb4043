// Apollo Server on its own node:http server.
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { connect, context, port, resolvers, typeDefs } from './graph.mjs'

await connect()
const server = new ApolloServer({ typeDefs, resolvers, csrfPrevention: false })
await startStandaloneServer(server, { listen: { port, host: '127.0.0.1' }, context: async () => context() })
