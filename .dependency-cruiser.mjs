import { apart, browserLibraries, floors, forBrowsers, onlyIn } from './floors.mjs';

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

const packages = (names) => `(^|/)node_modules/(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})/`;

const libraryRules = Object.entries(onlyIn).map(([folder, libraries]) => ({
  name: `only-${folder}-knows-${libraries.join('-')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: under([folder]) },
  to: { path: packages(libraries) },
}));

const browserRule = {
  name: 'browsers-get-plain-code',
  comment: 'no zod and nothing of Node: browsers load these modules as they are; types may come from anywhere lower',
  severity: 'error',
  from: { path: under(forBrowsers) },
  to: { pathNot: `${under(forBrowsers)}|${packages(browserLibraries)}`, dependencyTypesNot: ['type-only'] },
};

export default {
  forbidden: [
    ...floorRules,
    ...apartRules,
    ...libraryRules,
    browserRule,
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
