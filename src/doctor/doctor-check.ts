import { type Verdict } from './finding.js';
import { type Installation } from './installation.js';

/** One thing that is looked at. What it throws is a fault of ours, a `StartupError` one of the installation. */
export interface DoctorCheck {
  /** Lower case, as in the findings. */
  name: string;
  examine(installation: Installation): Verdict | Verdict[] | Promise<Verdict | Verdict[]>;
}
