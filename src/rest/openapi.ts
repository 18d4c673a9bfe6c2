import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { z } from 'zod';
import { problem } from './problem.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

/**
 * Serves the description of the HTTP interface: for people at `/docs`, for programs at `/openapi.json`. It is made once,
 * when somebody first asks for it: it would be a quarter of what the start costs, and most never ask. Whoever does waits
 * for it, and all others with them, for half a second.
 */
export function setUpOpenApi(app: INestApplication, version: string): void {
  SwaggerModule.setup('docs', app, () => describeApi(app, version), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Guildcast API',
  });
}

export function describeApi(app: INestApplication, version: string): OpenAPIObject {
  const about = new DocumentBuilder()
    .setTitle('Guildcast')
    .setDescription('Live Discord guilds for the web, and notifications into Discord. Refusals are RFC 9457 problems.')
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A key from API_KEYS, or the admin key.' })
    .addBasicAuth({
      type: 'http',
      scheme: 'basic',
      description: 'The event queue dialect alone: any user, the key as password.',
    })
    .build();
  const document = cleanupOpenApiDoc(SwaggerModule.createDocument(app, about));
  return withProblems(document);
}

/** Every operation can be refused, and always in the same form: said once here, not at each handler. */
function withProblems(document: OpenAPIObject): OpenAPIObject {
  const schema = z.toJSONSchema(problem, { target: 'openapi-3.0' });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: schema as Schema },
  };
  for (const operation of Object.values(document.paths).flatMap(operationsOf)) {
    operation.responses['default'] ??= {
      description: 'A refusal',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return document;
}

function operationsOf(path: PathItem): Operation[] {
  const { get, put, post, delete: remove, options, head, patch, trace } = path;
  return [get, put, post, remove, options, head, patch, trace].filter((operation) => operation !== undefined);
}
