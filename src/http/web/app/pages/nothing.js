// An address at which nothing stands.

import { Refused } from "../core/api.js";
import trouble from "./trouble.js";

export default function nothing() {
  return trouble(new Refused(404, "there is nothing at this address"));
}
