import { serve } from "../protocol/server";
import { aws } from "./index";

serve(aws);
