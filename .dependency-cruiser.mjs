import { apart, floors, onlyIn } from './floors.mjs';

const under = (names) =>
  `^src/(${names.map((name) => name.replaceAll('.', '\\.') + (name.endsWith('.ts') ? '$' : '/')).join('|')})`;
const top = floors[0];

const floorRules = floors.slice(1).flatMap((floor, index) =>
  floor.map((folder) => ({
    name: `floor-of-${folder}`,
    comment: `${folder} may import itself and lower floors only`,
    severity: 'error',
    from: { path: under([folder]) },
    to: { path: '^src/', pathNot: under([folder, ...floors.slice(index + 2).flat()]) },
  })),
);

const apartRules = apart.map((folder) => ({
  name: `apart-${folder}`,
  comment: `${folder} stands apart and may import the domain alone`,
  severity: 'error',
  from: { path: under([folder]) },
  to: { path: '^src/', pathNot: under([folder, ...floors.at(-1)]) },
}));

const libraryRules = Object.entries(onlyIn).map(([folder, libraries]) => ({
  name: `only-${folder}-knows-${libraries.join('-')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: under([folder]) },
  to: { path: `(^|/)node_modules/(${libraries.map((name) => name.replaceAll('.', '\\.')).join('|')})/` },
}));

export default {
  forbidden: [
    ...floorRules,
    ...apartRules,
    ...libraryRules,
    {
      name: 'the-domain-knows-zod-alone',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/|(^|/)node_modules/zod/' },
    },
    {
      name: 'every-folder-has-a-floor',
      severity: 'error',
      from: { path: '^src/', pathNot: under([...top, ...floors.slice(1).flat(), ...apart]) },
      to: {},
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/console/public/' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
