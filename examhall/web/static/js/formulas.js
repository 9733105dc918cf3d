/** A page that only shows formulas sets them. */
import { setFormulas } from "./math.js";

setFormulas(document);
