"""Ways in which rights lead to more rights in AWS, as sets of permissions. No rules here.

Sources: RhinoSecurityLabs, "AWS IAM Privilege Escalation" (rhino-...); DataDog, pathfinding.cloud (pf-..., Apache-2.0).
Without the ways by CodeStar projects, which ended in July 2024.
"""

from collections.abc import Iterable

HAND_ON = "iam:PassRole"
# Whoever has all permissions of a set, on everything, can raise their own rights.
PATHS: dict[str, tuple[str, ...]] = {
    "rhino-01": ("iam:CreatePolicyVersion",),
    "rhino-02": ("iam:SetDefaultPolicyVersion",),
    "rhino-03": ("iam:PassRole", "ec2:RunInstances"),
    "rhino-04": ("iam:CreateAccessKey",),
    "rhino-05": ("iam:CreateLoginProfile",),
    "rhino-06": ("iam:UpdateLoginProfile",),
    "rhino-07": ("iam:AttachUserPolicy",),
    "rhino-08": ("iam:AttachGroupPolicy",),
    "rhino-09": ("iam:AttachRolePolicy",),
    "rhino-10": ("iam:PutUserPolicy",),
    "rhino-11": ("iam:PutGroupPolicy",),
    "rhino-12": ("iam:PutRolePolicy",),
    "rhino-13": ("iam:AddUserToGroup",),
    "rhino-14": ("iam:UpdateAssumeRolePolicy", "sts:AssumeRole"),
    "rhino-15": ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),
    "rhino-16": ("iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"),
    "rhino-17": ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    "rhino-18": ("lambda:UpdateFunctionCode",),
    "rhino-19": ("iam:PassRole", "glue:CreateDevEndpoint"),
    "rhino-20": ("glue:UpdateDevEndpoint",),
    "rhino-21": ("iam:PassRole", "cloudformation:CreateStack"),
    "rhino-22": ("iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
    "rhino-26": ("lambda:UpdateFunctionConfiguration",),
    "rhino-27": ("sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl", "iam:PassRole"),
    "rhino-28": ("sagemaker:CreatePresignedNotebookInstanceUrl",),
    "pf-apprunner-001": ("iam:PassRole", "apprunner:CreateService"),
    "pf-apprunner-002": ("apprunner:UpdateService",),
    "pf-bedrock-001": (
        "iam:PassRole",
        "bedrock-agentcore:CreateCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    "pf-bedrock-002": ("bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
    "pf-cloudformation-002": ("cloudformation:UpdateStack",),
    "pf-cloudformation-003": ("iam:PassRole", "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
    "pf-cloudformation-004": ("iam:PassRole", "cloudformation:UpdateStackSet"),
    "pf-cloudformation-005": ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    "pf-codebuild-001": ("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"),
    "pf-codebuild-002": ("codebuild:StartBuild",),
    "pf-codebuild-003": ("codebuild:StartBuildBatch",),
    "pf-codebuild-004": ("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuildBatch"),
    "pf-datapipeline-001": (
        "iam:PassRole",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:ActivatePipeline",
    ),
    "pf-ec2instanceconnect-003": ("ec2-instance-connect:SendSSHPublicKey", "ec2:DescribeInstances"),
    "pf-ec2-002": ("ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
    "pf-ec2-003": ("iam:PassRole", "ec2:RequestSpotInstances"),
    "pf-ec2-004": ("ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"),
    "pf-ecs-001": ("iam:PassRole", "ecs:CreateCluster", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    "pf-ecs-002": ("iam:PassRole", "ecs:CreateCluster", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    "pf-ecs-003": ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    "pf-ecs-004": ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    "pf-ecs-005": ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:StartTask"),
    "pf-glue-003": ("iam:PassRole", "glue:CreateJob", "glue:StartJobRun"),
    "pf-glue-004": ("iam:PassRole", "glue:CreateJob", "glue:CreateTrigger"),
    "pf-glue-005": ("iam:PassRole", "glue:UpdateJob", "glue:StartJobRun"),
    "pf-glue-006": ("iam:PassRole", "glue:UpdateJob", "glue:CreateTrigger"),
    "pf-iam-003": ("iam:CreateAccessKey", "iam:DeleteAccessKey"),
    "pf-iam-012": ("iam:UpdateAssumeRolePolicy",),
    "pf-iam-014": ("iam:AttachRolePolicy", "sts:AssumeRole"),
    "pf-iam-015": ("iam:AttachUserPolicy", "iam:CreateAccessKey"),
    "pf-iam-016": ("iam:CreatePolicyVersion", "sts:AssumeRole"),
    "pf-iam-017": ("iam:PutRolePolicy", "sts:AssumeRole"),
    "pf-iam-018": ("iam:PutUserPolicy", "iam:CreateAccessKey"),
    "pf-iam-019": ("iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"),
    "pf-iam-020": ("iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy"),
    "pf-iam-021": ("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"),
    "pf-lambda-004": ("lambda:UpdateFunctionCode", "lambda:InvokeFunction"),
    "pf-lambda-005": ("lambda:UpdateFunctionCode", "lambda:AddPermission"),
    "pf-sagemaker-001": ("iam:PassRole", "sagemaker:CreateNotebookInstance"),
    "pf-sagemaker-002": ("iam:PassRole", "sagemaker:CreateTrainingJob"),
    "pf-sagemaker-003": ("iam:PassRole", "sagemaker:CreateProcessingJob"),
    "pf-sagemaker-005": (
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:StartNotebookInstance",
    ),
    "pf-ssm-001": ("ssm:StartSession",),
    "pf-ssm-002": ("ssm:SendCommand",),
    "pf-sts-001": ("sts:AssumeRole",),
}


def to_deny(paths: Iterable[str]) -> list[str]:
    """Few permissions whose denial closes all these paths: where a role is handed on, the handing on."""
    denied: set[str] = set()
    for path in sorted(paths, key=lambda one: (len(PATHS[one]), one)):
        required = PATHS[path]
        if denied.isdisjoint(required):
            denied.add(HAND_ON if HAND_ON in required else required[0])
    return sorted(denied)
